import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Recipe } from './recipe.model.js';

@Resolver(() => Recipe)
export class RecipesResolver {
  private readonly recipes: Recipe[] = [{ id: '1', title: 'Minestrone' }];

  @Query(() => [Recipe], { name: 'recipes' })
  list(): Recipe[] {
    return this.recipes;
  }

  @Mutation(() => Recipe, { name: 'addRecipe' })
  add(@Args('title', { type: () => String }) title: string): Recipe {
    const recipe = { id: String(this.recipes.length + 1), title };
    this.recipes.push(recipe);
    return recipe;
  }
}
