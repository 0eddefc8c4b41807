/** Where the server wants to know who calls. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { api, Refusal, setToken } from "../../api";
import { ProblemNotice } from "../../ui/problem";
import { useTitle } from "../../ui/title";
import type { Config } from "../../wire";

export function SignIn({ onDone }: { readonly onDone: (config: Config) => void }): ReactNode {
  useTitle("Sign in");
  const id = useId();
  const [value, setValue] = useState("");
  const entry = useMutation({
    mutationFn: (token: string) => {
      setToken(token);
      return api.config();
    },
    onSuccess: onDone,
    onError: () => setToken(null),
  });
  const unknown = entry.error instanceof Refusal && entry.error.status === 401;
  function submit(event: FormEvent): void {
    event.preventDefault();
    entry.mutate(value.trim());
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
          aria-invalid={unknown}
          aria-describedby={`${id}-error`}
          onChange={(event) => setValue(event.target.value)}
        />
        <p className="error" id={`${id}-error`} role="alert">
          {unknown && "The server does not know this token, or it has expired. Check it and try again."}
        </p>
      </div>
      {entry.isError && !unknown && <ProblemNotice error={entry.error} />}
      <div className="button-row">
        <button type="submit" className="button primary" disabled={!value.trim() || entry.isPending}>
          Continue
        </button>
      </div>
    </form>
  );
}
