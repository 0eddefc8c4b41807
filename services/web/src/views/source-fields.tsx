/** The fields in which sources are given: addresses, files, texts. */
import { type DragEvent, type ReactNode, useId, useRef, useState } from "react";
import { bytes, count } from "../words";
import { readAddresses, type SourceDraft } from "./source-input";

interface Props {
  readonly draft: SourceDraft;
  readonly onChange: (draft: SourceDraft) => void;
  readonly error: string | null;
}

export function SourceFields({ draft, onChange, error }: Props): ReactNode {
  const id = useId();
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const { urls, wrong } = readAddresses(draft.addresses);
  const add = (files: FileList | null): void => {
    if (files?.length) onChange({ ...draft, files: [...draft.files, ...files] });
  };
  function drop(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    add(event.dataTransfer.files);
  }
  const nextKey = Math.max(0, ...draft.texts.map((one) => one.key)) + 1;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping files is a shortcut for the button below
    <div
      className={`sources-field ${over ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div className="field">
        <label htmlFor={id}>Web addresses</label>
        <textarea
          id={id}
          rows={4}
          value={draft.addresses}
          spellCheck={false}
          placeholder={"https://example.org/report\nhttps://example.com/article"}
          aria-invalid={error !== null || wrong.length > 0}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange({ ...draft, addresses: event.target.value })}
        />
        <p id={`${id}-hint`} className={wrong.length || error ? "error" : "hint"} aria-live="polite">
          {wrong.length
            ? `This is no address: ${wrong.slice(0, 3).join(", ")}. Addresses begin with http:// or https://.`
            : (error ??
              (urls.length
                ? count(urls.length, "address").replace("addresss", "addresses")
                : "Paste as many as you like, one per line."))}
        </p>
      </div>
      {draft.files.length > 0 && (
        <ul className="file-list" aria-label="Files">
          {draft.files.map((file, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name
            <li key={index} className="spread">
              <span>
                {file.name} <span className="soft small">{bytes(file.size)}</span>
              </span>
              <button
                type="button"
                className="button quiet slim"
                aria-label={`Remove ${file.name}`}
                onClick={() => onChange({ ...draft, files: draft.files.filter((_, other) => other !== index) })}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
      )}
      {draft.texts.map((one, index) => (
        <fieldset key={one.key} className="field pasted">
          <legend className="hidden">Text {index + 1}</legend>
          <input
            type="text"
            aria-label={`Title of text ${index + 1}`}
            placeholder="Title of the text"
            value={one.title}
            maxLength={500}
            onChange={(event) =>
              onChange({ ...draft, texts: draft.texts.with(index, { ...one, title: event.target.value }) })
            }
          />
          <textarea
            aria-label={`Text ${index + 1}`}
            placeholder="Paste the text here"
            value={one.text}
            rows={5}
            onChange={(event) =>
              onChange({ ...draft, texts: draft.texts.with(index, { ...one, text: event.target.value }) })
            }
          />
          <button
            type="button"
            className="button quiet slim fit"
            onClick={() => onChange({ ...draft, texts: draft.texts.filter((other) => other.key !== one.key) })}
          >
            Remove this text
          </button>
        </fieldset>
      ))}
      <div className="button-row">
        <input
          ref={picker}
          type="file"
          multiple
          className="hidden"
          tabIndex={-1}
          aria-label="Files to add"
          onChange={(event) => {
            add(event.target.files);
            event.target.value = "";
          }}
        />
        <button type="button" className="button" onClick={() => picker.current?.click()}>
          Add files
        </button>
        <button
          type="button"
          className="button"
          onClick={() => onChange({ ...draft, texts: [...draft.texts, { key: nextKey, title: "", text: "" }] })}
        >
          Paste a text
        </button>
        <span className="soft small drop-hint">or drop files here: PDF, HTML, Markdown, text</span>
      </div>
    </div>
  );
}
