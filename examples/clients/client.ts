// A client of Rollcall with nothing but fetch, for a server or a browser: logs in, reads pages, renews its
// session, understands refusals.

interface Tokens {
  access_token: string;
  refresh_token: string;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

interface User {
  username: string;
  role: string;
}

interface Fault {
  pointer: string;
  code: string;
}

/** An answer of 400 and above (RFC 9457): `code` is for programs, `detail` for people. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly errors: Fault[];

  constructor(status: number, document: { code?: string; detail?: string; errors?: Fault[] }) {
    super(`${status} ${document.code}: ${document.detail}`);
    this.status = status;
    this.code = document.code;
    this.errors = document.errors ?? [];
  }
}

export class Client {
  tokens: Tokens | undefined;
  private renewal: Promise<void> | undefined;
  private readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  async logIn(username: string, password: string): Promise<void> {
    await this.grant({ grant_type: "password", username, password });
  }

  /** Once for all who wait: two requests that find the token expired must not both spend the refresh token. */
  renew(): Promise<void> {
    const refresh_token = this.tokens?.refresh_token ?? "";
    this.renewal ??= this.grant({ grant_type: "refresh_token", refresh_token }).finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  /**
   * As the account that is logged in. An access token lives for minutes: where it is refused, the session is
   * renewed and the request made once more.
   */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    try {
      return await this.json<T>(method, path, body);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "invalid_token" || !this.tokens) throw error;
    }
    await this.renew();
    return this.json<T>(method, path, body);
  }

  /** Each page of a list; a cursor is good for the filters and the order that it was given with. */
  async *pages<T>(path: string, query: Record<string, string>): AsyncGenerator<T[]> {
    for (let next: string | null = ""; next !== null; ) {
      const all = new URLSearchParams(next ? { ...query, cursor: next } : query);
      const page: Page<T> = await this.call("GET", `${path}?${all}`);
      yield page.items;
      next = page.next;
    }
  }

  private async grant(form: Record<string, string>): Promise<void> {
    // The next refresh token comes with it; the one before is spent, and sending it again ends the session.
    this.tokens = await this.send<Tokens>("/auth/token", { method: "POST", body: new URLSearchParams(form) });
  }

  private json<T>(method: string, path: string, body: unknown): Promise<T> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.tokens?.access_token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return this.send<T>(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  }

  private async send<T>(path: string, init: RequestInit): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await fetch(this.base + path, { ...init, signal: AbortSignal.timeout(30_000) });
      const text = await answer.text();
      if (answer.ok) return (text ? JSON.parse(text) : undefined) as T;
      // 429: nothing was done, and the answer says when to come again. So does 503, but what may have begun
      // is only asked again where that changes nothing.
      if (attempt < 3 && (answer.status === 429 || (answer.status === 503 && init.method === "GET"))) {
        const seconds = Number(answer.headers.get("Retry-After") ?? "1");
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        continue;
      }
      const isOurs = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
      throw new Problem(answer.status, isOurs ? JSON.parse(text) : { detail: answer.statusText });
    }
  }
}

const client = new Client(process.env.ROLLCALL_URL ?? "http://localhost:5150");
await client.logIn(process.argv[2] ?? "", process.env.ROLLCALL_PASSWORD ?? "");
const me = await client.call<User>("GET", "/v1/api/users");
console.log(`logged in as ${me.username}, ${me.role}`);

for await (const items of client.pages<User>("/v1/api/admin/users", { sort: "username", limit: "2" })) {
  console.log(`page: ${items.map((item) => item.username).join(", ")}`);
}

const refusal = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  throw error;
};
await client.call("PATCH", "/v1/api/users", { first_name: 7, nickname: "root" }).catch((error: unknown) => {
  const problem = refusal(error);
  console.log(problem.message);
  for (const fault of problem.errors) console.log(`  ${fault.pointer} ${fault.code}`);
});

const spent = client.tokens!.refresh_token;
client.tokens = { access_token: "expired", refresh_token: spent };
// Both find it expired; one renews.
await Promise.all([client.call("GET", "/v1/api/users"), client.call("GET", "/v1/api/users")]);
if (client.tokens.refresh_token !== spent) console.log("renewed, and asked again");

await client.call("POST", "/auth/logout");
await client.renew().catch((error: unknown) => console.log(refusal(error).message));
