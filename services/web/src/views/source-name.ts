import type { Source } from "../wire";

/** How a source is called: by its title, else its address or its file. */
export function sourceName(source: Source): string {
  return source.stored?.title || source.title || source.upload?.filename || source.url || source.source_id;
}
