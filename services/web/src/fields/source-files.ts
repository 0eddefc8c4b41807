/** Files as a person gives them: those that can be read, and of each other one why it was left out. */
import { t } from "../texts";
import type { Config } from "../wire";
import { bytes } from "../words";

export interface Sifted {
  readonly taken: readonly File[];
  /** A sentence for each file that was left out. */
  readonly refused: readonly string[];
}

type Rules = Pick<Config, "kinds" | "limits">;

/** So many bytes tell whether a file is text. */
const SAMPLE = 4096;

/** A file that is held already is passed over: it is there, as its giver sees. */
export async function sift(given: readonly File[], held: readonly File[], rules: Rules): Promise<Sifted> {
  const taken: File[] = [];
  const refused: string[] = [];
  for (const file of given) {
    if ([...held, ...taken].some((other) => same(file, other))) continue;
    const why = await unreadable(file, rules);
    if (why) refused.push(t.fields.source.named(file.name, why));
    else taken.push(file);
  }
  return { taken, refused };
}

/** Why the server could not read it, as far as can be told from here; it looks at every file again. */
async function unreadable(file: File, { kinds, limits }: Rules): Promise<string | null> {
  let start: Uint8Array;
  try {
    start = new Uint8Array(await file.slice(0, SAMPLE).arrayBuffer());
  } catch {
    return t.fields.source.cannotOpen;
  }
  if (file.size > limits.upload_bytes) return t.fields.source.tooLarge(bytes(file.size), bytes(limits.upload_bytes));
  if (!start.length) return t.fields.source.empty;
  const [family = "", kind] = file.type.split("/");
  const media = t.fields.source.media[family];
  if (media) return media;
  if (kinds.some((ending) => file.name.toLowerCase().endsWith(ending))) return null;
  if ((family && family !== "text" && kind !== "octet-stream") || start.includes(0)) return t.fields.source.unreadable;
  return null;
}

function same(one: File, other: File): boolean {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}
