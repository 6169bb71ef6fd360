/** Value of `Authorization` or `Proxy-Authorization` for a user with a password (RFC 7617). */
export function basicCredential(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
