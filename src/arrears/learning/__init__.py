"""What worked: measures of models, drift, fairness."""
