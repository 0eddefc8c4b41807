/** Where the server wants to know who calls. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { api, Refusal, setToken } from "../../api";
import { t } from "../../texts";
import { ProblemNotice } from "../../ui/problem";
import { useTitle } from "../../ui/title";
import type { Config } from "../../wire";

export function SignIn({ onDone }: { readonly onDone: (config: Config) => void }): ReactNode {
  const say = t.ui.signIn;
  useTitle(say.tab);
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
        <h1>{say.title}</h1>
        <p className="lead">{say.lead}</p>
      </div>
      <div className="field">
        <label htmlFor={id}>{say.token}</label>
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
          {unknown && say.unknown}
        </p>
      </div>
      {entry.isError && !unknown && <ProblemNotice error={entry.error} />}
      <div className="button-row">
        <button type="submit" className="button primary" disabled={!value.trim() || entry.isPending}>
          {say.go}
        </button>
      </div>
    </form>
  );
}
