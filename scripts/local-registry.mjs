// An npm registry on this machine that has the packed packages, so that tests can install them as users do: by their names.
import { execSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** The registry that npm is configured with, without a slash at its end. */
const UPSTREAM = execSync('npm config get registry', { encoding: 'utf8' }).trim().replace(/\/+$/, '');

/**
 * @param packages the folder and the tarball of each package; all others are redirected to the registry that npm is configured with
 * @returns the URL, for `npm_config_registry`, and a function that stops the server
 */
export async function startRegistry(packages) {
  const known = Object.fromEntries(packages.map(({ folder, tarball }) => entryOf(folder, tarball)));
  const server = createServer(({ url, headers }, response) => {
    const [, name, file] = url.split('/');
    const entry = known[name];
    if (!entry) return response.writeHead(307, { location: UPSTREAM + url }).end();
    if (file) return response.end(entry.bytes);
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify(documentOf(entry, `http://${headers.host}/${name}`)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}

function entryOf(folder, tarball) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [manifest.name, { manifest, bytes: readFileSync(tarball) }];
}

function documentOf({ manifest, bytes }, url) {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const dist = { tarball: `${url}/package.tgz`, integrity };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
