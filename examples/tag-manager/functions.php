<?php
// WordPress: put this into the theme's functions.php, or into a plugin for code snippets. The tag comes with every page.
add_action('wp_enqueue_scripts', function () {
    wp_enqueue_script('sayso', 'https://feedback.example.com/sayso.js', [], null, ['strategy' => 'async', 'in_footer' => true]);
});
add_filter('wp_script_attributes', function ($attributes) {
    if (($attributes['id'] ?? '') === 'sayso-js') {
        $attributes['data-site'] = 'acme';
        $attributes['data-lang'] = get_bloginfo('language');
    }
    return $attributes;
});
