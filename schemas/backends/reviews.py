"""Reviews (GraphQL): only the selected fields are requested, for many products at a time."""

from connectors import graphql

reviews = graphql("reviews")

of_product = reviews.query(
    "reviews(productIds: $product_id, first: $first)", batch="product_id", key="productId", group=True
)
summary = reviews.query("summary(productIds: $product_id)", key="productId")
add = reviews.mutation("addReview(productId: $product_id, rating: $rating, title: $title, text: $text)")
