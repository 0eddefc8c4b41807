/** Why something is out of date, and what can be done about it. */
import { type ReactNode, useState } from "react";
import { useNode } from "../../store";
import { Causes } from "../../ui/causes";
import { Dialog } from "../../ui/dialog";
import { capital, nodeName } from "../../words";
import { AcceptButton, RerunButton } from "./actions";

export function WhyButton({ node }: { readonly node: string }): ReactNode {
  const view = useNode(node);
  const [open, setOpen] = useState(false);
  const name = nodeName(node);
  if (!view) return null;
  return (
    <>
      <button
        type="button"
        className="button slim"
        aria-label={`Why is ${name} out of date?`}
        onClick={() => setOpen(true)}
      >
        Why?
      </button>
      {open && (
        <Dialog
          title={`${capital(name)}: out of date`}
          onClose={() => setOpen(false)}
          footer={
            <>
              <AcceptButton node={node} />
              <RerunButton
                target={{ stale: true }}
                label="Update"
                name="whatever is out of date"
                className="button primary"
              />
            </>
          }
        >
          <Causes causes={view.causes} />
        </Dialog>
      )}
    </>
  );
}
