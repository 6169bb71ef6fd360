import { request, type RequestOptions } from 'node:https';

/** Whether a GET of `url` is answered with 200 within two seconds. Rejects while nothing listens. */
export function answersOk(url: URL, options: Pick<RequestOptions, 'ca' | 'cert' | 'key'>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 2 s')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
