import { Field, ID, ObjectType } from '@nestjs/graphql';

@ObjectType()
export class Recipe {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  title!: string;
}
