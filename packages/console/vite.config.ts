import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** For looking at a page while it is written: `INSTAR_CONSOLE_DAEMON=http://localhost:PORT npx vite packages/console`. */
const daemon = process.env.INSTAR_CONSOLE_DAEMON;

/** Everything is a file of the same origin: what is inlined as a data address would need a wider policy. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    // `npm run bench:console` holds the first load to its bar, compressed.
    chunkSizeWarningLimit: 800,
  },
  ...(daemon === undefined ? {} : { server: { proxy: { "/v1": daemon, "/console/session": daemon } } }),
});
