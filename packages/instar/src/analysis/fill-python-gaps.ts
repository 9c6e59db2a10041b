/**
 * Python as the parser's grammar knows it: a bare `yield` and a number that ends with its point are valid, common, and errors to it. Each place
 * stays where it was. Also in strings; whoever wants those takes them from the text itself. Linear.
 */
export function fillPythonGaps(text: string): string {
  return text.replace(/\byield(?=[ \t]*(?:[#\r\n)\],;:}]|$))/g, "None ").replace(/(?<![\w.])(\d[\d_]*)\.(?![\w.])/g, "$1 ");
}
