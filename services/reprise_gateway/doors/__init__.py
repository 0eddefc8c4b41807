"""What the outside speaks to: REST, WebSocket, request and reply, and the web app."""
