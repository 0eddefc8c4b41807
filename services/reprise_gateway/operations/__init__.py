"""What an operator sees: servers, pools, and what is wrong with them."""
