/**
 * Python as the parser's grammar knows it. A bare `yield`, a number that ends with its point, `with f() as self.x`, `with f() as (a, b)`,
 * `case Name():` and `for a, *b in c` are valid, common, and errors to it. Every character that stays keeps its place. Strings are filled as
 * well; whoever wants those takes them from the text itself. Linear: every search back or ahead is bounded.
 */
export function fillPythonGaps(text: string): string {
  return text
    .replace(/\byield(?=[ \t]{0,100}(?:[#\r\n)\],;:}]|$))/g, "None ")
    .replace(/(?<![\w.])(\d[\d_]*)\.(?![\w.])/g, "$1 ")
    .replace(/\bas[ \t]{1,20}\w{1,100}(?:\.\w{1,100}){1,10}/g, (match) => match.replaceAll(".", "_"))
    .replace(/\bas[ \t]{1,20}\([^()\r\n]{0,200}\)(?=[ \t]{0,20}[:,)])/g, (match) => `as ${"_".repeat(match.length - 3)}`)
    .replace(/^[ \t]{0,200}case\b[^\r\n]{1,500}/gm, (line) => line.replaceAll("()", "  "))
    .replace(/(\bfor[ \t]{1,20}|,[ \t]{0,20})\*(?=\w{1,100}(?:[ \t]{0,20},[ \t]{0,20}\w{1,100}){0,5}[ \t]{1,20}in\b)/g, "$1 ");
}
