import { createCell, useCell } from "../data/cell.ts";

const said = createCell("");

/** Says something to who does not see the page: what was done, how an update ended. */
export const announce = (text: string): void => said.set(text);

export function Announcer() {
  return (
    <div role="status" className="visually-hidden">
      {useCell(said)}
    </div>
  );
}
