/** Where the server wants to know who calls. */
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { setToken } from "../api";

export function SignIn({ onDone }: { readonly onDone: () => void }): ReactNode {
  const id = useId();
  const [value, setValue] = useState("");
  const [tried, setTried] = useState(false);
  function submit(event: FormEvent): void {
    event.preventDefault();
    setToken(value.trim());
    setTried(true);
    onDone();
  }
  return (
    <form className="page" onSubmit={submit}>
      <div className="page-head">
        <h1>Who are you?</h1>
        <p className="lead">This server wants a token. Whoever runs it gave you one.</p>
      </div>
      <div className="field">
        <label htmlFor={id}>Token</label>
        <input
          id={id}
          type="password"
          autoComplete="current-password"
          value={value}
          aria-invalid={tried}
          onChange={(event) => setValue(event.target.value)}
        />
        {tried && (
          <p className="error" role="alert">
            The server does not know this token. Check it and try again.
          </p>
        )}
      </div>
      <div className="button-row">
        <button type="submit" className="button primary" disabled={!value.trim()}>
          Continue
        </button>
      </div>
    </form>
  );
}
