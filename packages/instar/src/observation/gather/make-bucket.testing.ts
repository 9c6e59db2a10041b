import { makeBucket as makeWellBucket } from "../make-bucket.testing.ts";
import type { MetricsBucket } from "../metrics-bucket.ts";

/** A bucket in which nothing was seen, but for what a test says. */
export const makeBucket = (parts: Partial<MetricsBucket>): MetricsBucket =>
  makeWellBucket(0, { release: "r", tickMs: 1, wallMs: 0, front: null, health: [], ...parts });
