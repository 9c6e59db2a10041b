import { Link, Outlet, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { closeSession, useSession } from "../data/session.ts";
import { useOperation } from "../data/use-operation.ts";
import { Announcer } from "../parts/announcer.tsx";
import { Button } from "../parts/button.tsx";
import { NAVIGATION } from "./navigation.ts";
import { StaleBanner } from "./stale-banner.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

const MAIN = "main";

/** The frame around every page: where one is, where one can go, whether what is shown is current. */
export function Layout() {
  const [isOpen, setOpen] = useState(false);
  useFocusOnNewPage(() => setOpen(false));
  return (
    <div className="layout">
      <a className="skip-link" href={`#${MAIN}`}>
        Skip to the content
      </a>
      <header className="top">
        <button type="button" className="menu-button" aria-expanded={isOpen} aria-controls="navigation" onClick={() => setOpen(!isOpen)}>
          <span aria-hidden="true" className="menu-bars" />
          Menu
        </button>
        <Link to="/" className="brand">
          Instar
        </Link>
        <InstanceName />
        <Who />
      </header>
      <nav id="navigation" className={isOpen ? "navigation is-open" : "navigation"} aria-label="Pages">
        {NAVIGATION.map(({ title, pages }) => (
          <div key={title} className="navigation-group">
            <h2>{title}</h2>
            <ul>
              {pages.map(({ to, label }) => (
                <li key={to}>
                  <Link to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
        <ThemeSwitch />
      </nav>
      <main id={MAIN} tabIndex={-1}>
        <StaleBanner />
        <Outlet />
      </main>
      <Announcer />
    </div>
  );
}

function InstanceName() {
  const { data } = useOperation("status", {});
  return data === undefined ? null : <span className="instance-name">{data.instance}</span>;
}

function Who() {
  const state = useSession();
  if (state.kind !== "open") return null;
  const { name, role } = state.session.caller;
  return (
    <div className="who">
      <span>
        {name} <span className="quiet">{role}</span>
      </span>
      <Button tone="quiet" onPress={() => void closeSession()}>
        Sign out
      </Button>
    </div>
  );
}

/** Who reads with ears or keys begins a new page at its heading, as after a load; changes within a page move nothing. */
function useFocusOnNewPage(leave: () => void): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", ({ pathChanged, fromLocation }) => {
        if (!pathChanged || fromLocation === undefined) return;
        leave();
        document.querySelector<HTMLElement>(`#${MAIN} h1`)?.focus();
      }),
    [router, leave],
  );
}
