import autocannon from 'autocannon';
import type { Server } from './server.js';

const CONNECTIONS = 20;
/** How often autocannon checks whether it is done. */
const SAMPLE_MS = 5;

/** The result of one slice of load. */
export interface Slice {
  readonly cpuUsPerRequest: number;
  readonly requestsPerSecond: number;
}

/**
 * Sends so many requests and measures what they cost the server.
 * @param sender whose credentials are sent: the baseline must read the same headers as what it is compared with
 * @throws when an answer is no 200
 */
export async function sendLoad(server: Server, requests: number, sender: Server): Promise<Slice> {
  const cpuBefore = await server.cpuUs();
  const startedAt = performance.now();
  let lastAnswerAt = startedAt;
  const { header, credentials } = sender.ready;
  let connection = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      {
        url: server.ready.url,
        connections: CONNECTIONS,
        amount: requests,
        sampleInt: SAMPLE_MS,
        setupClient: (client) => {
          // Each connection repeats its own share of the credentials.
          const own = credentials.filter((_, index) => index % CONNECTIONS === connection % CONNECTIONS);
          client.setRequests(own.map((credential) => ({ headers: { [header]: credential } })));
          connection += 1;
        },
      },
      (error: unknown, found) => (error instanceof Error ? reject(error) : resolve(found)),
    );
    run.on('response', () => (lastAnswerAt = performance.now()));
  });
  const cpuUs = (await server.cpuUs()) - cpuBefore;
  if (result['2xx'] !== requests) {
    throw new Error(`${server.variant.name}: ${result['2xx']} of ${requests} requests had the status 200`);
  }
  return {
    cpuUsPerRequest: cpuUs / requests,
    requestsPerSecond: (requests / (lastAnswerAt - startedAt)) * 1_000,
  };
}
