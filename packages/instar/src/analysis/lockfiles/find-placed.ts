import type { PlacedPackage } from "./lockfile.ts";

/** What Node would load for a name in a folder: its own node_modules first, then each one above. */
export function findPlaced(
  places: ReadonlyMap<string, PlacedPackage>,
  folder: string,
  name: string,
): { readonly place: string; readonly found: PlacedPackage } | undefined {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    const place = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    const found = places.get(place);
    if (found !== undefined) return { place, found };
    if (at === "") return undefined;
  }
}
