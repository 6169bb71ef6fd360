/** `image` in another version: its repository, with that as the tag. `registry:5000/agent:1@sha256:…` is of `registry:5000/agent`. */
export function imageOfVersion(image: string, version: string): string {
  const [withoutDigest = ''] = image.split('@');
  const colon = withoutDigest.indexOf(':', withoutDigest.lastIndexOf('/') + 1);
  const repository = colon === -1 ? withoutDigest : withoutDigest.slice(0, colon);
  return `${repository}:${version}`;
}
