/** Keeps an error of one page from taking the others with it. */
import { Component, type ReactNode } from "react";
import { t } from "../texts";
import { ProblemNotice } from "./problem";

interface Props {
  readonly children: ReactNode;
}

export class Guard extends Component<Props, { readonly error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="page">
        <h1>{t.ui.problem.page}</h1>
        <ProblemNotice error={this.state.error}>
          <div className="button-row">
            <button type="button" className="button" onClick={() => location.reload()}>
              {t.ui.problem.reload}
            </button>
          </div>
        </ProblemNotice>
      </div>
    );
  }
}
