import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { LedgerFilter } from "../data/use-ledger.ts";
import { Layout } from "./layout.tsx";
import { CrashedPage, NotFoundPage } from "./lost-pages.tsx";

const root = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage, errorComponent: CrashedPage });

/** One file of its own for each page: the first load brings the shell and one of them. */
const page = <const Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component });

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const updates = createRoute({
  getParentRoute: () => root,
  path: "/updates",
  component: lazyRouteComponent(() => import("../pages/updates.tsx"), "UpdatesPage"),
  validateSearch: (search: Record<string, unknown>): { outcome?: string | undefined; version?: string | undefined } => ({
    outcome: text(search.outcome),
    version: text(search.version),
  }),
});
const update = createRoute({
  getParentRoute: () => root,
  path: "/updates/$id",
  component: lazyRouteComponent(() => import("../pages/update.tsx"), "UpdatePage"),
  validateSearch: (search: Record<string, unknown>): { tab?: string | undefined } => ({ tab: text(search.tab) }),
});

const ledger = createRoute({
  getParentRoute: () => root,
  path: "/ledger",
  component: lazyRouteComponent(() => import("../pages/ledger.tsx"), "LedgerPage"),
  validateSearch: (search: Record<string, unknown>): { entry?: number } & LedgerFilter => {
    const { entry, failed } = search;
    const filter = Object.fromEntries(
      ["event", "by", "update", "from", "until"].flatMap((name) => (text(search[name]) === undefined ? [] : [[name, text(search[name])]])),
    );
    return { ...filter, ...(failed === true ? { failed } : {}), ...(Number.isSafeInteger(entry) && Number(entry) >= 0 ? { entry: Number(entry) } : {}) };
  },
});

const routes = root.addChildren([
  page(
    "/",
    lazyRouteComponent(() => import("../pages/overview.tsx"), "OverviewPage"),
  ),
  updates,
  update,
  page(
    "/observation",
    lazyRouteComponent(() => import("../pages/observation.tsx"), "ObservationPage"),
  ),
  page(
    "/history",
    lazyRouteComponent(() => import("../pages/history.tsx"), "HistoryPage"),
  ),
  ledger,
  page(
    "/reports",
    lazyRouteComponent(() => import("../pages/reports.tsx"), "ReportsPage"),
  ),
  page(
    "/backups",
    lazyRouteComponent(() => import("../pages/backups.tsx"), "BackupsPage"),
  ),
  page(
    "/schedule",
    lazyRouteComponent(() => import("../pages/schedule.tsx"), "SchedulePage"),
  ),
  page(
    "/sources",
    lazyRouteComponent(() => import("../pages/sources.tsx"), "SourcesPage"),
  ),
  page(
    "/policy",
    lazyRouteComponent(() => import("../pages/policy.tsx"), "PolicyPage"),
  ),
  page(
    "/people",
    lazyRouteComponent(() => import("../pages/people.tsx"), "PeoplePage"),
  ),
  page(
    "/settings",
    lazyRouteComponent(() => import("../pages/settings.tsx"), "SettingsPage"),
  ),
  page(
    "/doctor",
    lazyRouteComponent(() => import("../pages/doctor.tsx"), "DoctorPage"),
  ),
  page(
    "/guide",
    lazyRouteComponent(() => import("../pages/guide.tsx"), "GuidePage"),
  ),
]);

export const router = createRouter({ routeTree: routes, basepath: "/console", defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
