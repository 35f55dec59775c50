import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import sqlite from 'node-sqlite3-wasm';

/** What tenants have registered. A new row counts from the next request on: nothing is cached here. */
@Injectable()
export class TenantsService implements OnModuleInit, OnApplicationShutdown {
  private readonly database = new sqlite.Database(process.env.DATABASE ?? ':memory:');

  onModuleInit() {
    this.database.exec(`
      CREATE TABLE IF NOT EXISTS tenant_origins (host TEXT NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (host, origin));
      INSERT OR IGNORE INTO tenant_origins VALUES
        ('acme.api.example.com', 'https://shop.acme.example'),
        ('globex.api.example.com', 'https://globex.example');
    `);
  }

  hasOrigin(host: string, origin: string): boolean {
    // Both come from the request: they are bound, never a part of the SQL.
    const row = this.database.get('SELECT 1 FROM tenant_origins WHERE host = ? AND origin = ?', [host, origin]);
    return row !== null;
  }

  onApplicationShutdown() {
    this.database.close();
  }
}
