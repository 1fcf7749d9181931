mod bars;
mod scenes;
