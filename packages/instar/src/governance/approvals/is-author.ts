/** Whether somebody wrote a change, by the names and addresses in git: `*` stands for anybody. Letter case and outer blanks are no difference; an empty name is nobody's. */
export function isAuthor(name: string, authors: readonly string[]): boolean {
  const wanted = fold(name);
  if (wanted === "") return false;
  return authors.some((author) => {
    const folded = fold(author);
    return author === "*" || folded === wanted || folded.split("@")[0] === wanted;
  });
}

const fold = (text: string) => text.normalize("NFKC").trim().toLowerCase();
