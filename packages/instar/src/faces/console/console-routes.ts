import { InstarError } from "@instar/protocol";
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Entrance } from "../../operations/open-entrance.ts";
import { answerConsoleFile } from "./answer-console-file.ts";
import { assertSameOrigin } from "./assert-same-origin.ts";
import { planCookieEnds, readPapers, renderCookie, renderCookieEnd, renderSecret, SECRET_HEADER, tagOf } from "./session-papers.ts";

export interface ConsoleParts {
  readonly console: Pick<Entrance["console"], "login" | "admit" | "view" | "logout">;
  /** Where the built console lies; null where it was not built. */
  readonly findFolder: () => string | null;
  readonly dataFolder: string | null;
}

const PATH = "/console/session";
const login = z.union([z.strictObject({ code: z.string().min(1).max(200) }), z.strictObject({ token: z.string().min(1).max(200) })]);
/** Of what is sent to log in. */
export const LOGIN_LIMIT_BYTES = 1_024;

/** The page, for everybody who calls this host by its name, and how somebody who may gets in by it. */
export function createConsoleRoutes({ console, findFolder, dataFolder }: ConsoleParts): Hono {
  const app = new Hono();
  const tag = tagOf(dataFolder);
  app.post(PATH, async (context) => {
    assertSameOrigin(originOf(context));
    const { shown, view, seconds } = await console.login(await readLogin(context));
    for (const name of planCookieEnds(tag, context.req.header("cookie"))) context.header("set-cookie", renderCookieEnd(name), { append: true });
    context.header("set-cookie", renderCookie(tag, shown, seconds), { append: true });
    return context.json({ secret: renderSecret(shown), ...view });
  });
  app.get(PATH, async (context) => context.json(console.view(await admitSession(context, { console, dataFolder }))));
  app.delete(PATH, async (context) => {
    const caller = await admitSession(context, { console, dataFolder });
    console.logout(caller);
    context.header("set-cookie", renderCookieEnd(`instar_console_${tag}_${caller.session}`));
    return context.json({});
  });
  const serve = (context: Context) =>
    answerConsoleFile(findFolder(), {
      path: new URL(context.req.url).pathname,
      acceptEncoding: context.req.header("accept-encoding"),
      ifNoneMatch: context.req.header("if-none-match"),
    });
  app.get("/", (context) => context.redirect("/console/"));
  app.get("/console", serve);
  app.get("/console/*", serve);
  return app;
}

/** Whoever shows both halves of a session, from a page of this origin. @throws InstarError UNAUTHORIZED, RATE_LIMITED, FORBIDDEN */
export async function admitSession(
  context: Context,
  { console, dataFolder }: Pick<ConsoleParts, "dataFolder"> & { readonly console: Pick<Entrance["console"], "admit"> },
): ReturnType<Entrance["console"]["admit"]> {
  const papers = readPapers(tagOf(dataFolder), context.req.header(SECRET_HEADER), context.req.header("cookie"));
  if (papers !== null) assertSameOrigin(originOf(context));
  return console.admit(papers);
}

const originOf = ({ req }: Context) => ({ method: req.method, host: req.header("host"), origin: req.header("origin"), site: req.header("sec-fetch-site") });

/** JSON and said to be: what a form or a plain fetch of elsewhere can send without asking first is none. */
async function readLogin({ req }: Context): Promise<z.output<typeof login>> {
  const mistake = (cause?: unknown) =>
    new InstarError("INPUT_INVALID", 'the body must be JSON with a code or a token: {"code": "..."}', cause === undefined ? {} : { cause });
  if (!/^application\/json\s*(;|$)/i.test(req.header("content-type") ?? "")) throw mistake();
  const text = await req.text();
  try {
    return login.parse(JSON.parse(text));
  } catch (cause) {
    throw mistake(cause);
  }
}
