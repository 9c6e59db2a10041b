import { z } from "zod";

// Schemas compile themselves by `new Function` where they may. Here nothing may, and the attempt alone would break the policy: it is said before the first is made.
z.config({ jitless: true });
