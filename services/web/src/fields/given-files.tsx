/** The place for files: those that were given, each with its size, and why others were left out. */
import { type ReactNode, useId, useRef } from "react";
import { t } from "../texts";
import { bytes } from "../words";

interface Props {
  readonly files: readonly File[];
  readonly refused: readonly string[];
  /** Endings of files that can be read. */
  readonly kinds: readonly string[];
  /** Files are held above the page now. */
  readonly over: boolean;
  readonly onGive: (files: readonly File[]) => void;
  readonly onRemove: (index: number) => void;
  /** Another way to give something. */
  readonly children: ReactNode;
}

/** So many reasons are told one by one. */
const MOST = 5;

export function GivenFiles({ files, refused, kinds, over, onGive, onRemove, children }: Props): ReactNode {
  const id = useId();
  const say = t.fields.source;
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className={`given-files field ${over ? "over" : ""}`}>
      <div className="button-row">
        <input
          ref={picker}
          type="file"
          multiple
          className="hidden"
          tabIndex={-1}
          aria-label={say.filesToAdd}
          accept={[...kinds, "text/*"].join(",")}
          onChange={(event) => {
            onGive([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        <button
          type="button"
          className="button"
          aria-describedby={`${id}-hint ${id}-refused`}
          onClick={() => picker.current?.click()}
        >
          {say.addFiles}
        </button>
        {children}
        <span id={`${id}-hint`} className="hint">
          {over ? say.dropNow : say.drop}
        </span>
      </div>
      {files.length > 0 && (
        <ul className="file-list" aria-label={say.files}>
          {files.map((file, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name
            <li key={index} className="spread">
              <span>
                {file.name} <span className="soft small">{bytes(file.size)}</span>
              </span>
              <button
                type="button"
                className="button quiet slim"
                aria-label={say.removeIt(file.name)}
                onClick={() => onRemove(index)}
              >
                {say.remove}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div id={`${id}-refused`} aria-live="polite">
        {refused.length > 0 && (
          <ul className="error" aria-label={say.leftOut}>
            {refused.slice(0, MOST).map((why) => (
              <li key={why}>{why}</li>
            ))}
            {refused.length > MOST && <li>{say.moreLeftOut(refused.length - MOST)}</li>}
          </ul>
        )}
      </div>
    </div>
  );
}
