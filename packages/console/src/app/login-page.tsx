import { type FormEvent, useState } from "react";
import { openSession } from "../data/session.ts";
import { Button } from "../parts/button.tsx";
import { Problem } from "../parts/problem.tsx";

/** The token is sent once, in exchange for a session, and is kept nowhere. */
export function LoginPage({ because }: { readonly because: string | null }) {
  const [token, setToken] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const [isAsking, setAsking] = useState(false);
  const begin = async (event: FormEvent) => {
    event.preventDefault();
    setAsking(true);
    setError(null);
    await openSession({ token: token.trim() }).catch(setError);
    setAsking(false);
  };
  return (
    <main className="login">
      <div className="login-box">
        <h1>Instar</h1>
        {because !== null && <p role="status">{because}</p>}
        <p>
          On the machine where it runs, <code>instar console</code> prints an address that signs you in. Or paste a token that <code>instar token create</code>{" "}
          gave you.
        </p>
        <form onSubmit={(event) => void begin(event)}>
          <label className="field">
            <span className="field-label">Token</span>
            <input type="password" name="token" autoComplete="current-password" required value={token} onChange={(event) => setToken(event.target.value)} />
          </label>
          {error !== null && <Problem error={error} />}
          <Button type="submit" tone="primary" isDisabled={isAsking || token.trim() === ""}>
            {isAsking ? "Signing in…" : "Sign in"}
          </Button>
        </form>
      </div>
    </main>
  );
}
