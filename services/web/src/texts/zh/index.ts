/** The Chinese catalogue: a text that is missing is an error of the compiler. */
import type { Texts } from "../en";
import { fields } from "./fields";
import { pages } from "./pages";
import { server } from "./server";
import { session } from "./session";
import { ui } from "./ui";
import { words } from "./words";

export const zh: Texts = { locale: "zh-CN", words, ui, fields, session, pages, server };
