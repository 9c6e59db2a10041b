import { readFile } from "node:fs/promises";
import { writeFileDurably } from "../platform/durable-files.ts";
import type { AnalysisRequest } from "./analysis-request.ts";
import { assessChange } from "./assess-change.ts";
import { drawGraph } from "./draw-graph.ts";

/** The analysis job: one question from a file, one answer into a file. Who asked is the daemon, so the question is believed; what it is about is not. */
export async function answerAnalysis(asked: string, answered: string): Promise<void> {
  const request = JSON.parse(await readFile(asked, "utf8")) as AnalysisRequest;
  const answer = request.ask === "assess" ? await assessChange(request) : await drawGraph(request);
  await writeFileDurably(answered, JSON.stringify(answer), 0o600);
}
