import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP's second choice for scrypt: 16 MiB and about 60 ms. */
const cost = { N: 2 ** 14, r: 8, p: 5 };
const hashBytes = 32;
/** What a stored hash may ask for at most, so that none can take the process's memory or time. */
const maxCost = { ln: 16, r: 8, p: 8 };
const phc =
  /^\$scrypt(-sha256)?\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,88})\$([A-Za-z0-9+/]{43})$/;

/** PHC string of the password with a new salt: `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, base64 without padding. */
export function hashPassword(password: string): Promise<string> {
  return hashed('scrypt', password);
}

/** The same of a password of which only the SHA-256 is known, in hexadecimal; its scheme is called `scrypt-sha256`. */
export function hashDigest(digest: string): Promise<string> {
  return hashed('scrypt-sha256', digest);
}

async function hashed(scheme: string, secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(secret, salt, cost);
  return `$${scheme}$ln=${Math.log2(cost.N)},r=${cost.r},p=${cost.p}$${encode(salt)}$${encode(hash)}`;
}

/** Whether `stored` is the hash of `password`. A string that is not one of our hashes matches nothing, after the same work. */
export async function passwordMatches(password: string, stored: string | undefined): Promise<boolean> {
  const [, isDigest, ln = '', r = '', p = '', salt = '', hash = ''] = phc.exec(stored ?? '') ?? [];
  const given = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (hash === '' || given.ln > maxCost.ln || given.r > maxCost.r || given.p > maxCost.p) {
    await derive(password, Buffer.alloc(16), cost);
    return false;
  }
  const secret =
    isDigest === undefined ? password : createHash('sha256').update(password, 'utf8').digest('hex');
  const derived = await derive(secret, Buffer.from(salt, 'base64'), {
    N: 2 ** given.ln,
    r: given.r,
    p: given.p,
  });
  return timingSafeEqual(derived, Buffer.from(hash, 'base64'));
}

function derive(
  password: string,
  salt: Buffer,
  { N, r, p }: { N: number; r: number; p: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const maxmem = 128 * r * (N + p + 2);
    scrypt(password.normalize('NFKC'), salt, hashBytes, { N, r, p, maxmem }, (error, derived) =>
      error === null ? resolve(derived) : reject(error),
    );
  });
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
