"""The SQL models on Apache Spark: nothing else in the pipeline imports it."""
