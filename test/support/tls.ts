import { Agent } from 'node:https';

/**
 * A key and its certificate for `127.0.0.1` and `localhost`, valid from 2020 to 2120. They protect nothing: they are
 * here because Node cannot make a certificate, and not every machine has `openssl`, which made them once.
 */
export const TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLJvYo0LOEzrLjjbv
tgR0aFGHEsy9XezAjWUxBE9PDbahRANCAATe3todTtAOMJDEm2w6CjPvahAV3xKL
iTP4toFoABBOUm9SbYiI15lNX4nt8Lww9C7KncSDgUjlx/AEtakn2fT5
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBZjCCAQygAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFuZXN0anMt
Y29ycyB0ZXN0czAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowHDEa
MBgGA1UEAwwRbmVzdGpzLWNvcnMgdGVzdHMwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAATe3todTtAOMJDEm2w6CjPvahAV3xKLiTP4toFoABBOUm9SbYiI15lNX4nt
8Lww9C7KncSDgUjlx/AEtakn2fT5oz0wOzAaBgNVHREEEzARhwR/AAABgglsb2Nh
bGhvc3QwHQYDVR0OBBYEFF4vTDXulI6sd/nNt31PGrquTxFtMAoGCCqGSM49BAMC
A0gAMEUCIQDVw6FyjEv7Snzt9EY7tZlpAW6YsRZzix3UlgiMd6tyjQIgEusw02oD
cf3BUF9/GBbnJeoLdNoJD6QV/w2TmtBtv9k=
-----END CERTIFICATE-----
`,
};

/** What makes a request of the HTTP client go over TLS: a connection of its own, whatever its `Host` says. */
export const OVER_TLS = { protocol: 'https:', agent: new Agent({ ca: TLS.cert, servername: 'localhost' }) };
