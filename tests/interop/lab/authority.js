// Certificates made with openssl, right ones and wrong ones.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1';

/** A time as `openssl ca` takes it, so many days from now. */
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');

/** Makes certificates in a folder of its own. */
export class Authority {
  #folder = mkdtempSync(join(tmpdir(), 'callboard-authority-'));
  #made = 0;

  remove() {
    rmSync(this.#folder, { recursive: true });
  }

  /** A certificate that has signed itself. */
  async own(subject, extensions, key = EC) {
    const base = join(this.#folder, `own${this.#made++}`);
    const more = extensions.flatMap((extension) => ['-addext', extension]);
    await run('openssl', ['req', '-x509', ...key, '-nodes', '-days', '2', '-subj', `/CN=${subject}`, ...more, '-keyout', `${base}.key`, '-out', `${base}.pem`]);
    return read(base);
  }

  /** A certificate that another has signed. Without extensions it is one of version 1. */
  async signed(by, subject, { extensions = [NAMES], key = EC, from = -1, to = 1, digest = 'sha256' } = {}) {
    const base = join(this.#folder, `signed${this.#made++}`);
    await run('openssl', ['req', '-new', ...key, '-nodes', '-subj', `/CN=${subject}`, '-keyout', `${base}.key`, '-out', `${base}.csr`]);
    writeFileSync(`${base}.index`, '');
    const lines = `[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=${this.#folder}\ndatabase=${base}.index\nrand_serial=yes\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n[more]\n`;
    writeFileSync(`${base}.conf`, lines + extensions.map((extension) => `${extension}\n`).join(''));
    const dates = ['-startdate', day(from), '-enddate', day(to)];
    const more = extensions.length ? ['-extensions', 'more'] : [];
    await run('openssl', ['ca', '-batch', '-notext', '-config', `${base}.conf`, '-in', `${base}.csr`, '-out', `${base}.pem`, '-cert', `${by.base}.pem`, '-keyfile', `${by.base}.key`, '-md', digest, ...dates, ...more]);
    return read(base);
  }
}

const read = (base) => ({ base, pem: readFileSync(`${base}.pem`, 'utf8'), key: readFileSync(`${base}.key`, 'utf8') });
