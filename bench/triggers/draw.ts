/** Chance of a simulated version, all from one seeded source of numbers in [0, 1). */
export interface Draw {
  readonly uniform: () => number;
  readonly normal: () => number;
  readonly poisson: (mean: number) => number;
  readonly binomial: (trials: number, share: number) => number;
}

/** From here on a count is drawn as a rounded normal value: what is lost of the tail is far from any threshold. */
const LARGE = 50;

export function createDraw(uniform: () => number): Draw {
  // Box and Muller.
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const poisson = (mean: number): number => {
    if (mean > LARGE) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    let left = uniform();
    let [count, mass] = [0, Math.exp(-mean)];
    while (left > mass && count < 1_000) {
      left -= mass;
      count += 1;
      mass *= mean / count;
    }
    return count;
  };
  const binomial = (trials: number, share: number): number => {
    if (share > 0.5) return trials - binomial(trials, 1 - share);
    const mean = trials * share;
    if (mean > LARGE) return Math.min(trials, Math.max(0, Math.round(mean + Math.sqrt(mean * (1 - share)) * normal())));
    let left = uniform();
    let [count, mass] = [0, (1 - share) ** trials];
    while (left > mass && count < trials) {
      left -= mass;
      mass *= ((trials - count) / (count + 1)) * (share / (1 - share));
      count += 1;
    }
    return count;
  };
  return { uniform, normal, poisson, binomial };
}
