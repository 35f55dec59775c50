import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CORS_MODULE_OPTIONS } from '../cors.constants.js';
import { CorsConfigurationError } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import { problem } from '../issues/problem.js';

/** Holds one `CorsModule.forFeature()`. Its options are read where the policies are built. */
@Module({})
export class CorsFeatureModule implements OnModuleInit {
  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** @throws {CorsConfigurationError} where there is nothing that the feature could be a part of */
  onModuleInit(): void {
    // By the token: where both builds of the package are loaded, the module may be that of the other.
    if ([...this.modules.values()].some(({ providers }) => providers.has(CORS_MODULE_OPTIONS))) return;
    const issues = new IssueCollector();
    issues.add({ level: 'app' }, problem('feature_without_root', 'CorsModule.forFeature()', 'CorsModule.forFeature()'));
    throw new CorsConfigurationError(issues.errors());
  }
}
