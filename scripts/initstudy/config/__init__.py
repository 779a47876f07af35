"""What is asked: the configuration, its variants, their trainings."""
