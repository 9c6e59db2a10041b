import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { useSession } from "../data/session.ts";
import { useLive } from "../data/use-live.ts";
import { LoginPage } from "./login-page.tsx";
import { router } from "./router.tsx";

/** What was answered stays on the page while the daemon is away; the stream says when to ask again. */
const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: false, refetchOnWindowFocus: true, networkMode: "always" }, mutations: { networkMode: "always" } },
});

export function App() {
  const state = useSession();
  const isOpen = state.kind === "open";
  useEffect(() => {
    if (!isOpen) queries.clear();
  }, [isOpen]);
  if (state.kind === "unknown") return <main className="login" aria-busy="true" />;
  if (state.kind === "none") return <LoginPage because={state.because} />;
  return (
    <QueryClientProvider client={queries}>
      <Live />
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}

function Live() {
  useLive();
  return null;
}
