import "./platform/no-eval.ts";
import "./platform/known-language.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/layout.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { showTheme } from "./app/theme.ts";
import { beginByCode, resumeSession } from "./data/session.ts";
import { takeCode } from "./data/take-code.ts";

showTheme();

const place = document.getElementById("app");
if (place === null) throw new Error("index.html has no place for the app");

/** Before anything is drawn: the code leaves the address, whatever comes of it. */
const { code, rest } = takeCode(window.location.href);
if (code !== null) window.history.replaceState(window.history.state, "", rest);
void (code === null ? resumeSession() : beginByCode(code));

createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
