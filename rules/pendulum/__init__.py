"""The pendulum of the founding paper: weights, tendencies, resultant, inertia, practice."""
