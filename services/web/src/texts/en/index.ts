/** The English catalogue. Its shape is what every other language has to fill: a text that is missing is an error of the compiler. */
import { fields } from "./fields";
import { pages } from "./pages";
import { server } from "./server";
import { session } from "./session";
import { ui } from "./ui";
import { words } from "./words";

export const en = { locale: "en-GB", words, ui, fields, session, pages, server };
export type Texts = typeof en;
