"""All that needs TensorFlow and Keras, which nothing else imports."""
