import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { CorsModule } from 'nestjs-cors';
import { RecipesResolver } from './recipes/recipes.resolver.js';

@Module({
  imports: [
    CorsModule.forRoot({
      // What is not GraphQL is closed to other origins.
      origin: false,
      routes: [
        {
          // All operations share one path, and so one policy: @Cors() on a resolver would be a warning at boot.
          path: '/graphql',
          policy: {
            origin: ['https://app.example.com'],
            credentials: true,
            methods: ['POST'],
            allowedHeaders: ['content-type', 'authorization'],
          },
        },
      ],
    }),
    GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
  ],
  providers: [RecipesResolver],
})
export class AppModule {}
